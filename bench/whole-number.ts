// A number that a bench is given on its command line.

/** @throws Error with what is allowed */
export function wholeNumber(option: string, value: string, least = 1): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least) return number;
  throw new Error(`--${option} is a whole number, at least ${least}.`);
}
