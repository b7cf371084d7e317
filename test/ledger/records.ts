import { blankRecord, type SpendRecord } from '../../src/ledger/record/record.ts'
import { newCallId } from '../../src/relay/call-id.ts'

export const DAY_START_MS = Date.parse('2026-11-20T10:00:00.000Z')

/** A priced, complete call; every field can be replaced. `atMs` gives the id and both times. */
export function spendRecord(overrides: Partial<SpendRecord> = {}, atMs: number = DAY_START_MS): SpendRecord {
  return {
    ...blankRecord(),
    request_id: newCallId(atMs),
    client_call_id: 'client-1',
    client_invocation_id: 'b1f7a1c0-5d1e-4b7a-9a56-1f7a5a1c2d3e',
    startTime: new Date(atMs).toISOString(),
    endTime: new Date(atMs + 900).toISOString(),
    model_group: 'claude',
    model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    model_id: 'claude/us-east-1/1',
    region: 'us-east-1',
    api_base: 'bedrock-runtime.us-east-1.amazonaws.com',
    operation: 'Converse',
    api_key: null,
    team_id: null,
    user: null,
    end_user: null,
    request_tags: ['batch', "o'brien; --"],
    metadata: { job: 'nightly' },
    status: 'success',
    http_status: 200,
    verdict: 'complete',
    usage: { inputTokens: 100, outputTokens: 20, totalTokens: 150, cacheReadInputTokens: 30 },
    raw_usage: { inputTokens: 100, outputTokens: 20, totalTokens: 150, cacheReadInputTokens: 30 },
    prompt_tokens: 130,
    completion_tokens: 20,
    total_tokens: 150,
    cost_nano_usd: '609000',
    cost_state: 'priced',
    cost_reason: null,
    price_row: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0@2026-11-23',
    service_tier: null,
    attempts: 1,
    fallbacks: 0,
    attempt_log: [
      {
        deployment: 'claude/us-east-1/1',
        region: 'us-east-1',
        status: 200,
        error_type: null,
        aws_request_id: 'a-1',
        ms: 850,
        usage: { inputTokens: 100, outputTokens: 20 },
        cost_nano_usd: '609000',
      },
    ],
    aws_request_id: 'a-1',
    ms_to_headers: 300,
    ms_to_first_frame: null,
    ms_total: 900,
    ...overrides,
  }
}
