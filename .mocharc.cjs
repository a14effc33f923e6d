const { availableParallelism } = require('node:os');

module.exports = {
  require: ['./dist/test/support/property-seed.js'],
  // The suites of test/ take longest: begun first, they do not keep one core waiting at the end.
  spec: ['dist/test/**/*.test.js', 'dist/{src,reconcilers}/**/*.test.js'],
  parallel: true,
  jobs: Math.max(2, availableParallelism()),
  'node-option': ['enable-source-maps'],
  reporter: './test/support/reporter.cjs',
  timeout: 60000,
  exit: false,
};
