/**
 * A certificate for this machine's own names, from an authority that is made for it. The authority's key is thrown away once it has
 * signed, so that nobody can make it vouch for anything else. A kept folder keeps its certificate, so that clients which trust the
 * authority go on doing so after a restart.
 */
import { webcrypto } from 'node:crypto'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** Names and addresses that the certificate is good for. */
const DNS_NAMES = ['localhost']
const ADDRESSES = ['127.0.0.1', '::1']

/** Clients of Apple take no certificate that is valid for longer (https://support.apple.com/102028). */
const VALID_DAYS = 397
/** A kept certificate that ends sooner than this is made anew at the start. */
const RENEW_DAYS = 30
const DAY_MS = 24 * 60 * 60_000

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

export type Certificates = {
  /** PEM file of the authority, which clients have to trust. */
  caFile: string
  /** PEM of the server's certificate and of its key. */
  cert: string
  key: string
}

/** Those of the folder, or new ones. */
export async function certificatesIn(folder: string, now = new Date()): Promise<Certificates> {
  const caFile = join(folder, 'ca.pem')
  const certFile = join(folder, 'server.pem')
  const keyFile = join(folder, 'server-key.pem')
  const kept = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8'), readFile(caFile)]).catch(
    () => null,
  )
  if (kept !== null && endsInMs(kept[0], now) > RENEW_DAYS * DAY_MS) return { caFile, cert: kept[0], key: kept[1] }
  const made = await makeCertificates(now)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(caFile, made.ca)
  await writeFile(certFile, made.cert)
  await writeFile(keyFile, made.key, { mode: 0o600 })
  await chmod(keyFile, 0o600)
  return { caFile, cert: made.cert, key: made.key }
}

function endsInMs(pem: string, now: Date): number {
  try {
    return new X509Certificate(pem).notAfter.getTime() - now.getTime()
  } catch {
    return 0
  }
}

async function makeCertificates(now: Date): Promise<{ ca: string; cert: string; key: string }> {
  const crypto = webcrypto as unknown as Crypto
  const newKeys = () => crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<CryptoKeyPair>
  const validity = {
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + VALID_DAYS * DAY_MS),
  }
  const authorityKeys = await newKeys()
  const authority = await X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=bedrock-edge on this machine',
      keys: authorityKeys,
      signingAlgorithm: ALGORITHM,
      ...validity,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(authorityKeys.publicKey, false, crypto),
      ],
    },
    crypto,
  )
  const serverKeys = await newKeys()
  const server = await X509CertificateGenerator.create(
    {
      subject: 'CN=localhost',
      issuer: authority.subject,
      publicKey: serverKeys.publicKey,
      signingKey: authorityKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      ...validity,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([
          ...DNS_NAMES.map((value) => ({ type: 'dns' as const, value })),
          ...ADDRESSES.map((value) => ({ type: 'ip' as const, value })),
        ]),
        await AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey, false, crypto),
      ],
    },
    crypto,
  )
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', serverKeys.privateKey)
  return {
    ca: authority.toString('pem'),
    cert: server.toString('pem'),
    key: PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  }
}
