/** Which room may know which, as CONTRIBUTING.md says it under "The house". */

/** For every room of `src` the others that it may import. */
export const KNOWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  telemetry: ['base'],
  bedrock: ['base'],
  config: ['base', 'bedrock'],
  ledger: ['base', 'bedrock', 'config', 'telemetry'],
  access: ['base', 'bedrock', 'config', 'ledger', 'telemetry'],
  routing: ['base', 'bedrock', 'config'],
  // env.ts names the bindings of the Worker, which relay reads and hands on.
  relay: ['base', 'bedrock', 'config', 'ledger', 'access', 'routing', 'telemetry', 'env.ts'],
  admin: ['base', 'bedrock', 'config', 'ledger', 'access', 'routing', 'telemetry'],
  cli: ['base', 'bedrock', 'config', 'ledger'],
}

export const ROOMS = Object.keys(KNOWS)

/** Every room that runs in the Worker: without Node's modules and without test code. */
export const WORKER_ROOMS = ROOMS.filter((room) => room !== 'cli')

/** Files that wire the rooms together: they know every room but `cli`. */
export const WIRING = ['app.ts', 'index.ts', 'isolate.ts'] as const

/** Specifiers of all imports and re-exports of a module, types and `import(…)` included. */
export function importsOf(text: string): string[] {
  const statements = text.matchAll(/^\s*(?:import|export)\b(?:[^'"`;=()]*?\bfrom)?\s*['"]([^'"]+)['"]/gm)
  const calls = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)
  return [...statements, ...calls].map(([, specifier = '']) => specifier)
}
