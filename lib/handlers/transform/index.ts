import type { TransformEvent, TransformResult } from '../../pipeline/events';
import { transform } from '../../transform/transform';
import { commandLine } from '../command-line';
import { lambda } from '../entry';

export const handler = lambda<TransformEvent, TransformResult>(transform);

void commandLine(module, handler);
