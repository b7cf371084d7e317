import { applyD1Migrations, env } from 'cloudflare:test'

// Set-up files run once per test file, outside its isolated storage: applying a migration twice is safe, so every file starts with the schema.
await applyD1Migrations(env.DB, env.MIGRATIONS)
