/** What one isolate keeps between calls, as the relay uses it; `src/isolate.ts` makes it. */
import type { Background } from '../base/background.ts'
import type { Operations } from '../bedrock/operations/table.ts'
import type { CredentialProvider } from '../bedrock/signing/credential-provider.ts'
import type { GatewayConfig } from '../config/types.ts'
import type { Env } from '../env.ts'
import type { Catalogue } from '../ledger/prices/price-row.ts'
import type { Router } from '../routing/router.ts'
import type { BodyBudget } from './request/held-body.ts'

export type IsolateState = {
  /** What is served under Bedrock's prefix. */
  readonly operations: Operations
  /** The running configuration; null while none was ever valid. */
  config(env: Env, ctx: Background): Promise<GatewayConfig | null>
  /** Price rows that win over the bundled ones. */
  prices(env: Env, ctx: Background): Promise<Catalogue | undefined>
  /** The router of a configuration; health of deployments survives a new version. */
  router(config: GatewayConfig): Router
  readonly credentials: CredentialProvider
  /** Asks upstreams. */
  readonly fetcher: typeof fetch
  readonly bodies: BodyBudget
}
