import { transform } from '../../transform/transform';
import { commandLine } from '../command-line';
import { lambda } from '../entry';
import type { TransformEvent, TransformResult } from '../events';

export const handler = lambda<TransformEvent, TransformResult>(transform);

void commandLine(module, handler);
