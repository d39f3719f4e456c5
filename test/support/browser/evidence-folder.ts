// Where failed tests leave what they saw: screenshots, consoles, logs. Not in the repository.
import path from 'node:path';

export const EVIDENCE_FOLDER = path.resolve(import.meta.dirname, '../../../test-results');
