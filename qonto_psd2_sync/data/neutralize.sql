-- a copied database is cut off the bank: no token, no secret, no round trip under way, no scheduled sync
DELETE FROM qonto_token;
UPDATE qonto_application SET client_secret_sealed = NULL, staging_token_sealed = NULL;
UPDATE qonto_consent
   SET state = 'withdrawn', ended_at = now() AT TIME ZONE 'UTC', state_digest = NULL, verifier_sealed = NULL
 WHERE state IN ('draft', 'waiting', 'active', 'expiring');
UPDATE qonto_account SET lease_owner = NULL, lease_until = NULL, next_sync_at = NULL, sync_interval = '0';
UPDATE qonto_document_watch SET lease_owner = NULL, lease_until = NULL, next_at = NULL;
