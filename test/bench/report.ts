/** The figures and how they are shown. */
import { cpus } from 'node:os'
import { HAS_PROC } from './cpu.ts'

export type Figure = {
  variant: string
  value: number
  unit: 'µs CPU' | 'µs' | 'rows/s'
  /** Against the first figure of its table; not finite where too few calls were made for the clock. */
  ratio: number
  /** Most that the ratio should be. */
  aim?: number
}

export type Table = { title: string; figures: readonly Figure[] }

export type Report = { date: string; node: string; cpu: string; cpuClock: boolean; tables: readonly Table[] }

/** The unit of what a call costs on this machine. */
export const COST_UNIT = HAS_PROC ? 'µs CPU' : 'µs'

export function reportOf(tables: readonly Table[]): Report {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    cpuClock: HAS_PROC,
    tables,
  }
}

const ABSOLUTES =
  'Only the ratios mean something elsewhere: all variants of a table ran in turns in this one run. The values beside them\n' +
  'belong to this machine and to what else it was doing.'
const NO_PROC =
  'This platform has no /proc, so no CPU time could be read: the ratios are of wall-clock time at full load, with client and\n' +
  'upstream on the same machine, and say less.'

export function textOf({ date, node, cpu, cpuClock, tables }: Report): string {
  return [
    `${date}, Node ${node}, ${cpu}`,
    ...tables.map(tableText),
    ABSOLUTES,
    ...(cpuClock ? [] : [NO_PROC]),
    '',
  ].join('\n\n')
}

function tableText({ title, figures }: Table): string {
  const rows = figures.map(({ variant, value, unit, ratio, aim }) => [
    variant,
    Number.isFinite(ratio) ? `${ratio.toFixed(2)}×` : 'too short',
    `${Math.round(value)} ${unit}`,
    aim === undefined ? '' : `aim ≤ ${aim}×`,
  ])
  const lines = [['', 'ratio', 'this machine', ''], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  const text = lines.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  return [title, ...text].join('\n')
}
