// The event by which others learn that tokens are worth nothing any more.

/** Topic of the event; its payload is `{kind: 'account' | 'client' | 'grant', id}`, and it means every token up to now. */
export const revokedTopic = 'identity.revoked'
