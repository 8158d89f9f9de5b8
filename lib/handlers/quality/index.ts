import type { QualityEvent, QualityResult } from '../../pipeline/events';
import { quality } from '../../quality/quality';
import { commandLine } from '../command-line';
import { lambda } from '../entry';

export const handler = lambda<QualityEvent, QualityResult>(quality);

void commandLine(module, handler);
