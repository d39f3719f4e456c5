// Another release of this project, from its history, with the packages that are installed here.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const ROOT = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

export interface Release {
  /** Its name, with the commit. */
  name: string;
  folder: string;
  close(): Promise<void>;
}

/**
 * @param ref a tag, a branch or a commit
 * @throws Error when there is no such ref, or no history
 */
export async function checkOut(ref: string): Promise<Release> {
  const git = (...args: string[]) => run('git', args, { cwd: ROOT });
  const { stdout } = await git('rev-parse', '--short', `${ref}^{commit}`);
  const commit = stdout.trim();
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-release-'));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    const archive = path.join(folder, 'release.tar');
    await git('archive', '--format=tar', '--output', archive, commit);
    await run('tar', ['-xf', archive, '-C', folder]);
    await rm(archive);
    await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    // Its page is not measured. Building it would take longer than all the rest.
    await cp(path.join(ROOT, 'client/dist'), path.join(folder, 'client/dist'), { recursive: true });
  } catch (error) {
    await close();
    throw error;
  }
  return { name: ref === commit ? ref : `${ref} (${commit})`, folder, close };
}
