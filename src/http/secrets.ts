// The forms of tokens and tickets, so that none of them gets into the log by mistake of a client.

const forms = /ph_(?:[0-9a-f]{16}|operator)_[\w-]*|pht_[0-9a-f]*/g;

export const hasSecret = (text: string): boolean => text.search(forms) !== -1;

/** For the log. A client can name anything in a path, also its token. */
export const withoutSecrets = (text: string): string => text.replace(forms, '[secret]');
