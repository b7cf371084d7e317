/** Which room may know which, as CONTRIBUTING.md says it under "The house". */

/** For every room of `src` the others that it may import. */
export const KNOWS: Readonly<Record<string, readonly string[]>> = {
  bedrock: [],
  config: ['bedrock'],
  ledger: ['bedrock', 'config'],
  access: ['ledger', 'bedrock', 'config'],
  routing: ['bedrock', 'config'],
  telemetry: [],
  // env.ts names the bindings of the Worker, which relay reads and hands on.
  relay: ['bedrock', 'config', 'ledger', 'access', 'routing', 'telemetry', 'env.ts'],
  admin: ['ledger', 'access', 'routing', 'config', 'bedrock', 'telemetry'],
  cli: ['config', 'ledger', 'bedrock'],
}

export const ROOMS = Object.keys(KNOWS)

/** Every room that runs in the Worker: without Node's modules and without test code. */
export const WORKER_ROOMS = ROOMS.filter((room) => room !== 'cli')

/** Files that wire the rooms together: they know every room but `cli`. */
export const WIRING = ['app.ts', 'index.ts'] as const

/** Specifiers of all imports and re-exports of a module, types and `import(…)` included. */
export function importsOf(text: string): string[] {
  const statements = text.matchAll(/^\s*(?:import|export)\b(?:[^'"`;=()]*?\bfrom)?\s*['"]([^'"]+)['"]/gm)
  const calls = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)
  return [...statements, ...calls].map(([, specifier = '']) => specifier)
}
