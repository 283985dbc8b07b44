// Polynomials of encrypted values in as few levels as their degree allows (pure).
import { AppError } from '../errors/index.ts'
import { type Arithmetic, demandLevels, type Held, nextPrime } from './arithmetic.ts'

const maxDegree = 31

/** Levels that a polynomial of this degree takes. */
export function levelsOfPolynomial(degree: number): number {
  return degree < 1 ? 0 : Math.floor(Math.log2(degree)) + 1
}

const bitsIn = (power: number): readonly number[] =>
  [...power.toString(2)].toReversed().flatMap((digit, index) => (digit === '1' ? [index] : []))

// x, x², x⁴, … as far as the powers need them.
function squaresOf(books: Arithmetic, x: Held, count: number): readonly Held[] {
  const squares = [x]
  for (let index = 1; index < count; index += 1) {
    const last = squares[index - 1] ?? x
    squares.push(books.multiply(last, last))
  }
  return squares
}

// The scale at which c · x^(2^b₀) must come out, so that the whole term ends at the wished scale.
function firstScale(books: Arithmetic, factors: readonly Held[], wished: number, at: number): number {
  let scale = wished
  let primesLeft = at
  const primes = factors.map((factor) => {
    primesLeft = Math.min(primesLeft, factor.primesLeft) - 1
    return { factor, prime: nextPrime(books.machine, primesLeft + 1) }
  })
  for (const { factor, prime } of primes.toReversed()) scale = (scale * prime) / factor.scale
  return scale
}

// c · x^k, the coefficient multiplied in first: it costs no level of its own.
function term(books: Arithmetic, squares: readonly Held[], power: number, coefficient: number): Held {
  const [first, ...others] = bitsIn(power).flatMap((bit) => squares[bit] ?? [])
  if (first === undefined) throw new Error(`The power ${power} has no squares`)
  const wished = squares[0]?.scale ?? first.scale
  const scale = firstScale(books, others, wished, first.primesLeft - 1)
  const begun = books.weigh([first], [coefficient], scale)
  const ended = others.reduce((product, factor) => books.multiply(product, factor), begun)
  return { ...ended, scale: wished } // equal up to the rounding of doubles
}

/**
 * c₀ + c₁x + … + c_d x^d for each value, in floor(log2 d) + 1 levels.
 * @throws AppError 'unprocessable' when levels or keys are missing, or the polynomial is constant
 */
export function evaluatePolynomial(books: Arithmetic, x: Held, coefficients: readonly number[]): Held {
  if (coefficients.some((value) => !Number.isFinite(value))) {
    throw new AppError('unprocessable', 'A coefficient is not a finite number')
  }
  const degree = coefficients.findLastIndex((value) => value !== 0)
  if (degree < 1) throw new AppError('unprocessable', 'A constant polynomial would give the same for everybody')
  if (degree > maxDegree) throw new AppError('unprocessable', `A polynomial has at most the degree ${maxDegree}`)
  demandLevels(x, levelsOfPolynomial(degree))
  const squares = squaresOf(books, x, levelsOfPolynomial(degree))
  const terms = coefficients.flatMap((value, power) =>
    power === 0 || value === 0 ? [] : [term(books, squares, power, value)],
  )
  const primesLeft = Math.min(...terms.map((one) => one.primesLeft))
  const sum = terms.map((one) => books.lower(one, primesLeft)).reduce((left, right) => books.add(left, right))
  return coefficients[0] === 0 || coefficients[0] === undefined ? sum : books.addPlain(sum, coefficients[0])
}
