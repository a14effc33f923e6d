// The spec reporter, quiet about what passed, closing with the plain line "N passed, N failed" that CI reads.
const { reporters } = require('mocha');

module.exports = class PlainLine extends reporters.Dot {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed${pending ? `, ${pending} skipped` : ''}`);
  }
};
