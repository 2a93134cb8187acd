/**
 * Why a rule of an access control list is refused.
 *
 * @module
 */

const TEXTS = {
  unknown: 'Unknown command or category name in ACL',
  syntax: 'Syntax error',
  'after-all-keys':
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have " +
    "any effect. Try 'resetkeys' to start with an empty list of patterns",
  'after-all-channels':
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not " +
    "have any effect. Try 'resetchannels' to start with an empty list of channels",
  'no-such-password': 'The password you are trying to remove from the user does not exist',
  'bad-hash':
    'The password hash must be exactly 64 characters and contain only lowercase hexadecimal ' +
    'characters',
  'deep-first-argument': 'Allowing first-arg of a subcommand is not supported',
} as const

export type RuleFault = keyof typeof TEXTS

/** Its message is Redis's text. */
export class RuleError extends Error {
  readonly fault: RuleFault

  constructor(fault: RuleFault) {
    super(TEXTS[fault])
    this.fault = fault
  }
}

/** A list of rules in which a selector is not closed. */
export class ParenthesisError extends Error {
  /** The rule that opens it. */
  readonly rule: string

  constructor(rule: string) {
    super(`Unmatched parenthesis in acl selector starting at '${rule}'.`)
    this.rule = rule
  }
}
