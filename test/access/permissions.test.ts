/** Every management route asks for a permission, and a caller without it is refused in the management API's form. */
import { describe, expect, test } from 'vitest'
import { type Caller, type Demand, MASTER, mayDo, SCOPES } from '../../src/access/caller.ts'
import { isolateOf, KEY, send } from '../relay/in-isolate.ts'

const callsOnly: Caller = { ...MASTER, may: { call: 'own', see: 'none', manage: 'none' } }
const demands: Demand[] = (['call', 'see', 'manage'] as const).flatMap((permission) =>
  SCOPES.filter((scope) => scope !== 'none').map((scope) => ({ permission, scope })),
)

describe('a permission', () => {
  test('of the master key is every one', () => {
    expect(demands.filter((demand) => !mayDo(MASTER, demand))).toEqual([])
  })

  test('to call models is no permission to see or manage anything', () => {
    expect(demands.filter((demand) => mayDo(callsOnly, demand))).toEqual([{ permission: 'call', scope: 'own' }])
  })
})

describe('a management route', () => {
  const ROUTES = [
    '/health',
    '/v1/models',
    '/models',
    '/model/info',
    '/v1/model/info',
    '/spend/logs',
    '/global/spend/report?group_by=day',
  ]

  test.each(ROUTES)('GET %s refuses a stranger with 401', async (path) => {
    const isolate = await isolateOf(() => ({}))
    for (const headers of [{}, { authorization: 'Bearer sk-other' }]) {
      const { response, text } = await send(isolate, new Request(`https://gateway.test${path}`, { headers }))
      expect(response.status).toBe(401)
      expect(JSON.parse(text)).toMatchObject({ error: { type: 'auth_error', code: '401' } })
    }
  })

  test('that fails answers in the management form, with the id under which the log has the cause', async () => {
    const isolate = await isolateOf(() => ({
      router: () => {
        throw new Error('injected')
      },
    }))
    const request = new Request('https://gateway.test/health', { headers: { authorization: `Bearer ${KEY}` } })
    const { response, text } = await send(isolate, request)
    expect(response.status).toBe(500)
    expect(JSON.parse(text)).toMatchObject({ error: { type: 'internal_error', code: '500' } })
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/)
  })
})
