const { TestEnvironment } = require('jest-environment-node');

// Aspects and validations of synth are checked once, in their own tests; everywhere else they cost seconds a file.
process.env.CDK_VALIDATION ??= 'false';
process.env.JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION ??= '1';

/** Jest's own, with a way to load a module outside of its sandbox. */
module.exports = class extends TestEnvironment {
  constructor(...args) {
    super(...args);
    this.global.requireOutside = load;
    // What is loaded outside remembers the working directory until the process itself is told of another one.
    this.global.process.chdir = (folder) => process.chdir(folder);
    this.global.process.cwd = () => process.cwd();
  }
};

let withoutStacks = false;

/** Not before there are tests: until then Jest transforms what is loaded here too. */
function load(module) {
  if (!withoutStacks && module.includes('/node_modules/')) {
    withoutStacks = true;
    leaveStacksOut();
  }
  return require(module);
}

/**
 * Both engines remember for each token and resource where in the code it was made, which nothing that is synthesised
 * holds. In Jest, which looks each line of a stack up in source maps, that is a fifth of a synthesis.
 */
function leaveStacksOut() {
  const none = () => [];
  require('../node_modules/cdktf/lib/tokens/private/stack-trace.js').captureStackTrace = none;
  const cdk = require('../node_modules/aws-cdk-lib/core/lib/private/stack-trace.js');
  Object.assign(cdk, { captureStackTrace: none, enhancedStackTrace: none, captureCallStack: none });
}
