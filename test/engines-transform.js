/**
 * Both engines and what checks what they make are loaded once by each process of Jest's, outside of its sandbox: to
 * compile and run them anew for each file with tests is half of the time that its stacks take. They are as much the
 * same for all files as they are for all tests of a file.
 */
module.exports = {
  getCacheKey: (_, file) => file,
  process: (_, file) => ({ code: `module.exports = requireOutside(${JSON.stringify(file)});` }),
};
