// `node -r ./test/cli/killed.js …`: the process kills itself once it has said the words of INGOT_TEST_KILL_AFTER. Whoever
// hears them from outside may be too late.
const words = process.env.INGOT_TEST_KILL_AFTER;
const write = process.stderr.write.bind(process.stderr);
process.stderr.write = (text, ...more) => {
  const written = write(text, ...more);
  if (String(text).includes(words)) process.kill(process.pid, 'SIGKILL');
  return written;
};
