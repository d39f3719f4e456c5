// `parley doctor` as a program of its own, in whatever environment and network a test gives it.
import { loadConfig } from '../../server/config.ts';
import { DOCTOR_USAGE, parseDoctorArgs, runDoctor } from '../../server/doctor/main.ts';

const options = parseDoctorArgs(process.argv.slice(2));
if (options) {
  process.exitCode = await runDoctor({
    ...options,
    config: loadConfig(process.env),
    env: process.env,
    write: (line) => void process.stdout.write(`${line}\n`),
  });
} else {
  process.stderr.write(`Usage: ${DOCTOR_USAGE}\n`);
  process.exitCode = 2;
}
