// Parses the part of FHIRPath in which the invariants of R4 are written (http://hl7.org/fhirpath/N1/#formal-specifications).

/** A FHIRPath expression as a tree. */
export type Expression =
  | { readonly kind: 'this' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'member'; readonly on: Expression; readonly name: string }
  | { readonly kind: 'call'; readonly on: Expression; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }

interface Token {
  readonly kind: 'word' | 'variable' | 'string' | 'number' | 'symbol' | 'end'
  readonly text: string
}

const tokenPattern =
  /\s*(?:(?<variable>[%$][A-Za-z]\w*)|(?<word>[A-Za-z_]\w*)|`(?<quoted>[^`]+)`|'(?<string>(?:[^'\\]|\\.)*)'|(?<number>\d+)|(?<symbol><=|>=|!=|[().,|=<>+&]))/y

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' }

function tokenOf(groups: Readonly<Record<string, string | undefined>>): Token {
  const { variable, string, number, symbol } = groups
  if (variable !== undefined) return { kind: 'variable', text: variable }
  if (string !== undefined)
    return { kind: 'string', text: string.replace(/\\(.)/g, (_all, char: string) => escapes[char] ?? char) }
  if (number !== undefined) return { kind: 'number', text: number }
  if (symbol !== undefined) return { kind: 'symbol', text: symbol }
  return { kind: 'word', text: groups.word ?? groups.quoted ?? '' }
}

function tokensOf(source: string): readonly Token[] {
  const text = source.trim()
  const tokens: Token[] = []
  tokenPattern.lastIndex = 0
  while (tokenPattern.lastIndex < text.length) {
    const start = tokenPattern.lastIndex
    const groups = tokenPattern.exec(text)?.groups
    if (groups === undefined) throw new SyntaxError(`FHIRPath not understood at ${start}: ${text}`)
    tokens.push(tokenOf(groups))
  }
  return [...tokens, { kind: 'end', text: '' }]
}

// From the weakest to the strongest: http://hl7.org/fhirpath/N1/#operator-precedence
const strength: ReadonlyMap<string, number> = new Map(
  [
    ['implies'],
    ['or', 'xor'],
    ['and'],
    ['in', 'contains'],
    ['=', '!='],
    ['<', '>', '<=', '>='],
    ['|'],
    ['is', 'as'],
    ['+', '&'],
  ].flatMap((operators, level) => operators.map((operator): [string, number] => [operator, level + 1])),
)

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(source: string) {
    this.#tokens = tokensOf(source)
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' }
  }

  #take(): Token {
    const token = this.#next
    this.#at += 1
    return token
  }

  #skip(symbol: string): boolean {
    if (this.#next.kind !== 'symbol' || this.#next.text !== symbol) return false
    this.#at += 1
    return true
  }

  #expect(symbol: string): void {
    if (!this.#skip(symbol)) throw new SyntaxError(`FHIRPath: expected ${symbol}, found ${this.#next.text}`)
  }

  whole(): Expression {
    const expression = this.expression(0)
    if (this.#next.kind !== 'end') throw new SyntaxError(`FHIRPath: did not expect ${this.#next.text}`)
    return expression
  }

  /** Everything that binds stronger than the given level. */
  expression(level: number): Expression {
    let left = this.#path()
    for (;;) {
      const { kind, text } = this.#next
      const own = kind === 'word' || kind === 'symbol' ? strength.get(text) : undefined
      if (own === undefined || own <= level) return left
      this.#take()
      left = { kind: 'binary', operator: text, left, right: this.expression(own) }
    }
  }

  #path(): Expression {
    let path = this.#term()
    while (this.#skip('.')) path = this.#invocation(path)
    return path
  }

  #term(): Expression {
    if (this.#skip('(')) {
      const inner = this.expression(0)
      this.#expect(')')
      return inner
    }
    const { kind, text } = this.#next
    if (kind === 'word' && text !== 'true' && text !== 'false') return this.#invocation({ kind: 'this' })
    this.#take()
    if (kind === 'variable') return text === '$this' ? { kind: 'this' } : { kind: 'variable', name: text.slice(1) }
    if (kind === 'string') return { kind: 'literal', value: text }
    if (kind === 'number') return { kind: 'literal', value: Number(text) }
    if (kind === 'word') return { kind: 'literal', value: text === 'true' }
    throw new SyntaxError(`FHIRPath: did not expect ${text || 'the end'}`)
  }

  #invocation(on: Expression): Expression {
    const { kind, text: name } = this.#take()
    if (kind !== 'word') throw new SyntaxError(`FHIRPath: expected a name, found ${name}`)
    if (!this.#skip('(')) return { kind: 'member', on, name }
    const args: Expression[] = []
    while (!this.#skip(')')) {
      if (args.length > 0) this.#expect(',')
      args.push(this.expression(0))
    }
    return { kind: 'call', on, name, args }
  }
}

/** Parses an expression; throws SyntaxError when it is beyond the part of FHIRPath that is understood. */
export function parseFhirPath(source: string): Expression {
  return new Parser(source).whole()
}
