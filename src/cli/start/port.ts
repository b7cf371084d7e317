/** Asks for a port before anything is started on it, so that the answer is one message and not a trace of workerd. */
import { createServer } from 'node:net'

export type PortAnswer = 'free' | 'taken' | 'not-allowed'

export function askForPort(host: string, port: number): Promise<PortAnswer> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('taken')
      else if (error.code === 'EACCES') resolve('not-allowed')
      else reject(error)
    })
    server.listen(port, host, () => server.close(() => resolve('free')))
  })
}
