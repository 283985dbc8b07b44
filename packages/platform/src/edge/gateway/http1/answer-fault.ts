// What is wrong with an answer of a service, as an error with a code.

/**
 * An answer that cannot be believed; `code` is ECONNRESET where the service only went away too early, ANSWER_TIMEOUT where it
 * fell silent.
 */
export class AnswerFault extends Error {
  readonly code: 'INVALID_ANSWER' | 'ECONNRESET' | 'ANSWER_TIMEOUT'

  constructor(fault: string, code: AnswerFault['code'] = 'INVALID_ANSWER') {
    super(`The answer cannot be read: ${fault}`)
    this.name = 'AnswerFault'
    this.code = code
  }
}
