import fc from 'fast-check';

// Loaded before every suite by .mocharc.cjs. Properties look at the same cases each time, so that a change is to blame when one fails;
// PROPERTY_SEED=random (or a number) makes them look at others, which is how to hunt for what nobody thought of.
const { PROPERTY_SEED: asked = '20261130' } = process.env;
if (asked !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(asked) });
