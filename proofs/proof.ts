// What a long proof is: chunks that can be run one by one, and a conclusion over all of them.

/** The conclusion of a proof. */
export interface Conclusion {
  readonly ok: boolean
  readonly summary: string
  readonly figures: Readonly<Record<string, unknown>>
}

/** A proof; a report must survive JSON, since it is kept between runs. */
export interface Proof<Report> {
  readonly name: string
  /** One sentence: what is proved. */
  readonly about: string
  readonly chunks: number
  run(chunk: number, say: (line: string) => void): Promise<Report>
  conclude(reports: readonly Report[]): Conclusion
}
