// What is to be done when an exchange is over, whether its answer went out or the client went away.

/** The end of one exchange. */
export class Ending {
  readonly #tasks: (() => void)[] = []
  #isOver = false

  /** Does something then; at once when it is over already. */
  add(task: () => void): void {
    if (this.#isOver) task()
    else this.#tasks.push(task)
  }

  /** It is over now. */
  run(): void {
    this.#isOver = true
    for (const task of this.#tasks.splice(0)) task()
  }
}
