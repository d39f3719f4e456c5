// Random room names that can be read out over a telephone. Pure, except for the source of randomness.

const FIRST =
  'amber autumn blue bold brave bright calm clear cosy crisp curious dapper early easy fair fresh gentle glad golden green happy honest jolly keen kind light little lively lucky mellow merry mild misty neat nimble noble open patient plain polar proud quick quiet ready red round royal silver simple smooth snowy soft solar spring steady still sunny swift tidy warm white wild wise young'.split(
    ' ',
  );
const SECOND =
  'alpine apple arbor aspen beech berry birch bramble breeze brook cedar cherry cliff cloud clover coast copper coral cotton creek dawn delta dune ember fern field forest garden glacier granite grove harbour hazel heath hill island ivy juniper lake laurel linden lotus maple marble meadow moss mountain oak ocean olive orchard pebble pepper pine plum poppy prairie rain reef river saffron sage sand shore sky'.split(
    ' ',
  );
const THIRD =
  'badger beaver bison bobcat crane cricket curlew deer dolphin dove eagle egret falcon finch fox gecko gibbon goose hare hawk hedgehog heron ibis jay kestrel kite koala lark lemur linnet llama lynx magpie marten mole moth newt orca osprey otter owl panda panther pelican petrel pika plover puffin quail rabbit raven robin salmon seal shrew sparrow stork swallow swan swift tern thrush toad turtle wren zebra'.split(
    ' ',
  );

/** @param random in [0, 1), once for each word */
export function suggestRoomName(random: () => number = secureRandom): string {
  const pick = (words: readonly string[]): string =>
    words[Math.floor(random() * words.length)] ?? '';
  return `${pick(FIRST)}-${pick(SECOND)}-${pick(THIRD)}`;
}

/** From the browser's secure source: an open room is only as private as its name is hard to guess. */
function secureRandom(): number {
  const [value = 0] = crypto.getRandomValues(new Uint32Array(1));
  return value / 2 ** 32;
}
