/**
 * Implicit types of plain YAML scalars as PyYAML's SafeLoader resolves them, because that is what reads a LiteLLM file
 * (https://github.com/yaml/pyyaml/blob/6.0.2/lib/yaml/resolver.py#L170-L227). It is neither YAML 1.2 nor the whole of
 * YAML 1.1: `y` and `n` stay strings, `3e-06` has no point and stays a string, `1.5e7` has no exponent sign and stays one.
 */

export type PlainScalar =
  | { kind: 'null'; value: null }
  | { kind: 'bool'; value: boolean }
  /** `decimal` when the text is an ordinary decimal number, which octal, hexadecimal and sexagesimal are not. */
  | { kind: 'int' | 'float'; value: number | string; decimal: boolean }
  | { kind: 'str'; value: string }

const NULL = /^(?:~|null|Null|NULL|)$/
const TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/
const INT_BINARY = /^[-+]?0b[01_]+$/
const INT_OCTAL = /^[-+]?0[0-7_]+$/
const INT_DECIMAL = /^[-+]?(?:0|[1-9][0-9_]*)$/
const INT_HEX = /^[-+]?0x[0-9a-fA-F_]+$/
const INT_SEXAGESIMAL = /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/
const FLOAT_DECIMAL = /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?$/
const FLOAT_SEXAGESIMAL = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/
const FLOAT_SPECIAL = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/

function split(text: string): { sign: 1 | -1; digits: string } {
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '')
  return { sign: text.startsWith('-') ? -1 : 1, digits }
}

function inRadix(text: string, radix: 2 | 8 | 10 | 16): PlainScalar {
  const { sign, digits } = split(text)
  const value = sign * Number.parseInt(digits.replace(/^0[bx]/, ''), radix)
  // JSON has no integers of Python's size; beyond 2^53 the text is kept rather than a neighbour of it.
  return { kind: 'int', value: Number.isSafeInteger(value) ? value : text, decimal: radix === 10 }
}

/** `1:30` is ninety to a YAML 1.1 reader. */
function sexagesimal(text: string, kind: 'int' | 'float'): PlainScalar {
  const { sign, digits } = split(text)
  const value = digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return { kind, value: sign * value, decimal: false }
}

export function resolvePlain(text: string): PlainScalar {
  if (NULL.test(text)) return { kind: 'null', value: null }
  if (TRUE.test(text)) return { kind: 'bool', value: true }
  if (FALSE.test(text)) return { kind: 'bool', value: false }
  if (FLOAT_DECIMAL.test(text)) return { kind: 'float', value: Number(text.replaceAll('_', '')), decimal: true }
  if (FLOAT_SEXAGESIMAL.test(text)) return sexagesimal(text, 'float')
  // JSON has no infinity and no NaN; the text lets the check of the setting say what is wrong with it.
  if (FLOAT_SPECIAL.test(text)) return { kind: 'float', value: text, decimal: false }
  if (INT_BINARY.test(text)) return inRadix(text, 2)
  if (INT_OCTAL.test(text)) return inRadix(text, 8)
  if (INT_DECIMAL.test(text)) return inRadix(text, 10)
  if (INT_HEX.test(text)) return inRadix(text, 16)
  if (INT_SEXAGESIMAL.test(text)) return sexagesimal(text, 'int')
  return { kind: 'str', value: text }
}
