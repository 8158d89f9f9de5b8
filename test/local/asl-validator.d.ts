declare module 'asl-validator' {
  /** Judges a state machine by the JSON schemas of the Amazon States Language and its own checks. */
  function validate(asl: unknown): { isValid: boolean; errorsText(): string };
  export = validate;
}
