// Turns a FHIRPath expression into a function. It knows the part of FHIRPath that the invariants of R4 use and refuses the
// rest; the whole engine (npm `fhirpath`) would cost each thread 30 MB and 0.3 s, and serves as the oracle in the tests.
import { functions, lambdas } from './functions.ts'
import { childrenNamed, computed, type Item, type Items, isOfType, nothing, truthOf } from './items.ts'
import { operators } from './operators.ts'
import { type Expression, parseFhirPath } from './parse.ts'

/** What the variables of an expression mean. */
export interface Variables {
  readonly context: Item
  /** The resource around. */
  readonly resource: Item
  /** The resource around that is not contained in another. */
  readonly rootResource: Item
}

interface Run {
  readonly variables: Variables
  /** What parts of the expression that depend on variables alone have yielded. */
  readonly known: Map<Expression, Items>
}

type Evaluate = (on: Items, run: Run) => Items

const ucum: Items = [computed('http://unitsofmeasure.org')]

function dependsOn(expression: Expression, kind: 'this' | 'variable'): boolean {
  if (expression.kind === kind) return true
  if (expression.kind === 'member') return dependsOn(expression.on, kind)
  if (expression.kind === 'binary') return dependsOn(expression.left, kind) || dependsOn(expression.right, kind)
  if (expression.kind !== 'call') return false
  // Inside of a lambda, `this` is its own item.
  const own = kind === 'this' && lambdas.has(expression.name) ? [] : expression.args
  return dependsOn(expression.on, kind) || own.some((argument) => dependsOn(argument, kind))
}

const noItem: Item = { value: undefined, sibling: undefined, type: 'System' }
const noRun: Run = { variables: { context: noItem, resource: noItem, rootResource: noItem }, known: new Map() }

/** A part that does not depend on where it stands is run once, so that nested loops over it stay linear. */
function once(expression: Expression, evaluate: Evaluate): Evaluate {
  if (dependsOn(expression, 'this')) return evaluate
  if (!dependsOn(expression, 'variable')) {
    const items = evaluate(nothing, noRun)
    return () => items
  }
  return (on, run) => {
    const known = run.known.get(expression)
    if (known !== undefined) return known
    const items = evaluate(on, run)
    run.known.set(expression, items)
    return items
  }
}

function variable(name: string): Evaluate {
  if (name === 'ucum') return () => ucum
  if (name !== 'context' && name !== 'resource' && name !== 'rootResource') {
    throw new SyntaxError(`FHIRPath: %${name} is not known`)
  }
  return (_on, { variables }) => [variables[name]]
}

function member(expression: Expression & { readonly kind: 'member' }): Evaluate {
  const { name } = expression
  // An expression may begin with the type that it is about: Appointment.status.
  if (expression.on.kind === 'this' && /^[A-Z]/.test(name)) return (on) => on.filter((item) => isOfType(item, name))
  const on = compile(expression.on)
  return (input, run) => childrenNamed(on(input, run), name)
}

function call(expression: Expression & { readonly kind: 'call' }): Evaluate {
  const apply = Object.hasOwn(functions, expression.name) ? functions[expression.name] : undefined
  if (apply === undefined) throw new SyntaxError(`FHIRPath: ${expression.name}() is not known`)
  const on = compile(expression.on)
  const [first] = expression.args
  const typeName = first?.kind === 'member' ? first.name : ''
  const args = expression.args.map(compile)
  const isLambda = lambdas.has(expression.name)
  return (input, run) => {
    const bound = args.map((argument) => (items: Items) => argument(isLambda ? items : input, run))
    return apply(on(input, run), bound, typeName)
  }
}

function binary({ operator, left, right }: Expression & { readonly kind: 'binary' }): Evaluate {
  if (operator === 'is' || operator === 'as') return call({ kind: 'call', on: left, name: operator, args: [right] })
  const apply = operators[operator]
  if (apply === undefined) throw new SyntaxError(`FHIRPath: the operator ${operator} is not known`)
  const one = compile(left)
  const other = compile(right)
  if (operator === 'or') {
    return (on, run) => {
      const items = one(on, run)
      return truthOf(items) === true ? items : apply(items, other(on, run))
    }
  }
  return (on, run) => apply(one(on, run), other(on, run))
}

function compile(expression: Expression): Evaluate {
  const { kind } = expression
  if (kind === 'this') return (on) => on
  if (kind === 'literal') {
    const items = [computed(expression.value)]
    return () => items
  }
  if (kind === 'variable') return variable(expression.name)
  if (kind === 'member') return once(expression, member(expression))
  return once(expression, kind === 'call' ? call(expression) : binary(expression))
}

/** Compiles an expression; the function gives its truth value, undefined when it yields nothing. */
export function compileFhirPath(source: string): (variables: Variables) => boolean | undefined {
  const evaluate = compile(parseFhirPath(source))
  return (variables) => truthOf(evaluate([variables.context], { variables, known: new Map() }))
}
