import { retain } from '../../retention/retain';
import { commandLine } from '../command-line';
import { lambda } from '../entry';

export const handler = lambda(retain);

void commandLine(module, handler);
