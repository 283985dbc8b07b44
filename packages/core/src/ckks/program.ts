// What may be computed on encrypted vectors: a list of named steps, as the HTTP interface takes it (types only).

/** One number for all values of a vector, or one for each. */
export type PlainValues = number | readonly number[]

/** A step; it reads inputs and earlier results by name and gives its own result the name `as`. */
export type Step =
  | {
      readonly op: 'add' | 'subtract' | 'multiply' | 'dot'
      readonly left: string
      readonly right: string
      readonly as: string
    }
  | { readonly op: 'negate' | 'square' | 'sum'; readonly of: string; readonly as: string }
  | {
      readonly op: 'add-plain' | 'multiply-plain'
      readonly of: string
      readonly values: PlainValues
      readonly as: string
    }
  | { readonly op: 'dot-plain'; readonly of: string; readonly weights: readonly number[]; readonly as: string }
  /** Turns the vector to the left by so many places; negative turns it to the right. */
  | { readonly op: 'rotate'; readonly of: string; readonly by: number; readonly as: string }
  /** Adds up many vectors of one size, e.g. one from each hospital. */
  | { readonly op: 'total'; readonly of: readonly string[]; readonly as: string }
  /** Σ weightⱼ · vectorⱼ + intercept, value by value: one vector for each feature, one place for each patient. */
  | {
      readonly op: 'weighted-sum'
      readonly of: readonly string[]
      readonly weights: readonly number[]
      readonly intercept?: number
      readonly as: string
    }
  /** c₀ + c₁x + c₂x² + … for each value. */
  | { readonly op: 'polynomial'; readonly of: string; readonly coefficients: readonly number[]; readonly as: string }
  /**
   * Logistic regression with a polynomial in place of the sigmoid. `of` one name: one patient's features in one vector.
   * `of` several names: one vector for each feature, one place for each patient.
   */
  | {
      readonly op: 'logistic'
      readonly of: string | readonly string[]
      readonly weights: readonly number[]
      readonly intercept: number
      /** Degree of the polynomial: 3, 5 or 7 (default). */
      readonly degree?: number
      /** The score must lie in [-range, range]; default 8. */
      readonly range?: number
      readonly as: string
    }

/** A computation on encrypted vectors. */
export interface Program {
  readonly steps: readonly Step[]
  /** Names of the results that are kept. */
  readonly outputs: readonly string[]
}

/** An encrypted vector as a computation finds it. */
export interface VectorFacts {
  /** Number of values. */
  readonly size: number
  /** Primes that its ciphertext still has. */
  readonly primesLeft: number
  readonly scale: number
}

/** One act of the computing machine on numbered registers. */
export type Instruction =
  | { readonly kind: 'add' | 'subtract'; readonly left: number; readonly right: number; readonly to: number }
  | { readonly kind: 'negate'; readonly of: number; readonly to: number }
  /** Product, relinearised and rescaled; the result has exactly `scale`. */
  | {
      readonly kind: 'multiply'
      readonly left: number
      readonly right: number
      readonly scale: number
      readonly to: number
    }
  /** Σ registerⱼ · valuesⱼ, rescaled once; plain values are written at `plainScale`, the result has exactly `scale`. */
  | {
      readonly kind: 'weigh'
      readonly of: readonly number[]
      readonly values: readonly PlainValues[]
      readonly plainScale: number
      readonly scale: number
      readonly to: number
    }
  | { readonly kind: 'add-plain'; readonly of: number; readonly values: PlainValues; readonly to: number }
  | { readonly kind: 'rotate'; readonly of: number; readonly by: number; readonly to: number }
  /** Drops primes without rescaling. */
  | { readonly kind: 'lower'; readonly of: number; readonly primesLeft: number; readonly to: number }

/** A computation made ready: inputs are in the first registers, in their order. */
export interface Plan {
  readonly instructions: readonly Instruction[]
  readonly outputs: readonly (VectorFacts & { readonly name: string; readonly register: number })[]
  /** What was put in place of a sigmoid, and how far off it is at most within its range. */
  readonly approximations: readonly Approximation[]
}

/** A polynomial in place of the sigmoid. */
export interface Approximation {
  readonly name: string
  readonly degree: number
  readonly range: number
  readonly coefficients: readonly number[]
  /** Largest distance from the sigmoid on [-range, range]. */
  readonly maxError: number
}

/** What the computing machine has: parameters and evaluation keys. */
export interface Machine {
  readonly degree: number
  readonly primes: readonly bigint[]
  readonly hasRelinKeys: boolean
  /** Steps to the left that one Galois key makes. */
  readonly rotations: readonly number[]
}
