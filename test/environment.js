const { TestEnvironment } = require('jest-environment-node');

/** Jest's own, with a way to load a module outside of its sandbox. */
module.exports = class extends TestEnvironment {
  constructor(...args) {
    super(...args);
    this.global.requireOutside = require;
  }
};
