/** A Worker of nothing but the pass-through, for the tests beside it: fetches `upstream`, reports what became of it on `/outcome`. */

import { passThrough } from '../../src/relay/answer/pass-through.ts'
import { watchDisconnect } from '../../src/relay/request/disconnect.ts'

let outcome: { client: string; upstream: string; tapped: string } | null = null

export default {
  async fetch(request: Request, env: { UPSTREAM: string }, ctx: ExecutionContext): Promise<Response> {
    const url = new URL(request.url)
    if (url.pathname === '/outcome') return Response.json(outcome)
    outcome = null
    let tapped = ''
    const controller = new AbortController()
    const disconnect = watchDisconnect(request.signal, url.searchParams.has('cancel'))
    const upstream = await fetch(env.UPSTREAM + url.pathname, { signal: controller.signal })
    if (upstream.body === null) return new Response(null, { status: 502 })
    const { body, done } = passThrough({
      prefix: new TextEncoder().encode('prefix '),
      rest: upstream.body,
      observer: {
        push: (bytes) => {
          tapped += new TextDecoder().decode(bytes)
        },
        failed: (cause) => console.error(cause),
        epilogue: (ending) => (url.searchParams.has('break') ? null : new TextEncoder().encode(`+${ending}`)),
      },
      disconnect,
      cancelUpstream: () => controller.abort(),
      silenceMs: url.searchParams.has('silence') ? Number(url.searchParams.get('silence')) : null,
    })
    ctx.waitUntil(
      done.then((result) => {
        outcome = { ...result, tapped: tapped.length > 200 ? `${tapped.length} bytes` : tapped }
      }),
    )
    return new Response(body)
  },
}
