declare namespace Cloudflare {
  interface Env extends Omit<import('../src/env.ts').Env, never> {
    MIGRATIONS: import('cloudflare:test').D1Migration[]
  }
}
