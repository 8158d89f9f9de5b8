import { quality } from '../../quality/quality';
import { commandLine } from '../command-line';
import { lambda } from '../entry';
import type { QualityEvent, QualityResult } from '../events';

export const handler = lambda<QualityEvent, QualityResult>(quality);

void commandLine(module, handler);
