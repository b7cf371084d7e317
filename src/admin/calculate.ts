/** `POST /spend/calculate`: what an exchange costs, or a request before it is sent. */
import * as v from 'valibot'
import { readBoundedText } from '../base/bounded-text.ts'
import { usdFromPico } from '../base/decimal.ts'
import { isObject, parseJsonText } from '../base/json.ts'
import { accountingOf } from '../bedrock/usage/priced-operations.ts'
import type { Deployment, GatewayConfig } from '../config/types.ts'
import { estimateCost } from '../ledger/cost/cost-of.ts'
import { type CasePrice, priceCase } from '../ledger/cost/price-case.ts'
import { BYTES_PER_TOKEN, guessTokens } from '../ledger/cost/token-guess.ts'
import { BUNDLED_CATALOGUE } from '../ledger/prices/bundled.ts'
import type { Catalogue } from '../ledger/prices/price-row.ts'
import { adminErrorResponse } from './management-error.ts'

/** A case is a few pieces of JSON, or one request, which Bedrock takes up to this size; and the longest pause within it. */
const BODY_BOUNDS = { maxBytes: 25_000_000, stallMs: 20_000 }

/** A request as it would be sent, with the model's name beside it; the output bound under Converse's or LiteLLM's name. */
const requestSchema = v.looseObject({
  model: v.pipe(v.string(), v.nonEmpty('must not be empty')),
  max_tokens: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  inferenceConfig: v.optional(
    v.looseObject({ maxTokens: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))) }),
  ),
})

/**
 * One object in the form of `npm run ledger -- price FILE` (it has an `operation`), or a request with its `model`.
 * Answers `{name, usd, cost, state, price_row, reason}`: `usd` exact, `cost` the same as a number for display.
 */
export async function calculateSpend(
  request: Request,
  config: GatewayConfig,
  overrides: Catalogue | undefined,
): Promise<Response> {
  const body = await readBoundedText(request, BODY_BOUNDS)
  if (body.kind === 'too-long') return badRequest(`The body is longer than ${BODY_BOUNDS.maxBytes} bytes.`, 413)
  if (body.kind !== 'text') return badRequest('The body ended before it was complete.')
  const { text, sizeBytes } = body
  const given = parseJsonText(text)
  if (given === null) return badRequest('The body is not JSON.')
  if (isRequest(given)) return calculateRequest(given, sizeBytes, config, overrides)
  const result = priceCase(given, { catalogue: BUNDLED_CATALOGUE, overrides, now: new Date() })
  return result.ok ? answer(result.name, result.price) : badRequest(result.issues.join('; '))
}

function calculateRequest(
  given: object,
  sizeBytes: number,
  config: GatewayConfig,
  overrides: Catalogue | undefined,
): Response {
  const parsed = v.safeParse(requestSchema, given)
  if (!parsed.success) {
    return badRequest(
      parsed.issues.map((issue) => `${v.getDotPath(issue) ?? 'the request'}: ${issue.message}`).join('; '),
    )
  }
  const { model, max_tokens, inferenceConfig } = parsed.output
  const deployment = deploymentOf(config, model)
  if (deployment === undefined) return badRequest(`The model ${JSON.stringify(model)} is not known.`, 404)
  const outputTokens = inferenceConfig?.maxTokens ?? max_tokens ?? 0
  const bound =
    outputTokens === 0 ? 'no output, since the request sets no bound for it' : 'output as far as the request allows it'
  const cost = estimateCost(
    {
      operation: accountingOf('Converse'),
      model: deployment.model,
      baseModel: deployment.baseModel,
      region: deployment.region,
      customPrices: deployment.prices,
      at: new Date(),
      overrides,
      catalogue: BUNDLED_CATALOGUE,
    },
    { inputTokens: guessTokens(sizeBytes), outputTokens },
    `on ${deployment.id}: input from the size of the request (${BYTES_PER_TOKEN} bytes a token), ${bound}`,
  )
  return answer(null, {
    usd: cost.picoUsd === null ? null : usdFromPico(cost.picoUsd),
    state: cost.state === 'free' ? 'priced' : cost.state,
    price_row: cost.priceRow,
    reason: cost.reason,
  })
}

/** Deployments of a group may differ in price; the first in config order stands for it. */
function deploymentOf(config: GatewayConfig, model: string): Deployment | undefined {
  const group = config.router.modelGroupAlias[model] ?? model
  return config.groups.get(group)?.[0] ?? config.deployments.find((deployment) => deployment.model === model)
}

function isRequest(given: unknown): given is object {
  return isObject(given) && 'model' in given && !('operation' in given)
}

function answer(name: string | null, price: CasePrice): Response {
  return Response.json({ name, ...price, cost: price.usd === null ? null : Number(price.usd) })
}

function badRequest(message: string, status = 400): Response {
  return adminErrorResponse({ status, type: 'bad_request', message })
}
