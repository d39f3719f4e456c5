// The participants in the screenshots: offices with a painted camera, not people.
/** What an actor looks like, and whether they have a camera. */
export interface Actor {
  skin: string;
  hair: string;
  hairStyle: 'short' | 'long' | 'bun' | 'bald' | 'curly';
  shirt: string;
  wall: [light: string, dark: string];
  glasses?: boolean;
  beard?: boolean;
  /** An upright picture, as phones send it. */
  upright?: boolean;
  /** Says something: a tone that the server's speaker detection hears. */
  speaks?: boolean;
}

export const ACTORS: Readonly<Record<string, Actor>> = {
  Nairobi: {
    skin: '#8d5a3c',
    hair: '#1f1512',
    hairStyle: 'curly',
    shirt: '#d98a4b',
    wall: ['#e9dccb', '#b49a80'],
  },
  Oslo: {
    skin: '#f0c6a8',
    hair: '#b98a4e',
    hairStyle: 'short',
    shirt: '#35566f',
    wall: ['#cfdbe0', '#7f98a4'],
    beard: true,
  },
  Lima: {
    skin: '#d9a27c',
    hair: '#3a2219',
    hairStyle: 'long',
    shirt: '#7a3f55',
    wall: ['#efe3d8', '#c3a692'],
    speaks: true,
  },
  Kyoto: {
    skin: '#e8bd98',
    hair: '#17171a',
    hairStyle: 'short',
    shirt: '#4d6b52',
    wall: ['#d7d9d2', '#8f9a8c'],
    glasses: true,
  },
  Pune: {
    skin: '#a86f49',
    hair: '#221612',
    hairStyle: 'bun',
    shirt: '#2f7f78',
    wall: ['#e3e0ea', '#9e97b3'],
  },
  Vienna: {
    skin: '#eebd9d',
    hair: '#8a8079',
    hairStyle: 'bald',
    shirt: '#3a3f4a',
    wall: ['#dcd3c4', '#97866f'],
    glasses: true,
    beard: true,
  },
};
