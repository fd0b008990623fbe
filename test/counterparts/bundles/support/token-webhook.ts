import type { Admission } from '../../support/token-review-server.ts';
import { serveTokenReviews } from '../../support/token-review-server.ts';
import type { ReviewRules, TokenVerdict } from './token-review.ts';
import { reviewToken } from './token-review.ts';

/** What a cluster's access entry makes of a role. */
export interface AccessEntry {
  readonly username: string;
  readonly groups: readonly string[];
}

export interface WebhookRules extends Omit<ReviewRules, 'now'> {
  now(): number;
  accessEntryOf(accessKeyId: string): Promise<AccessEntry | undefined>;
}

/** Asked by the API server for every token that it does not know, as EKS's is. */
export interface TokenWebhook {
  /** For `--authentication-token-webhook-config-file`. */
  readonly url: string;
  /** Every verdict since it was last told its rules; an access key without an access entry is refused as well. */
  readonly verdicts: readonly TokenVerdict[];
  /** Until it has rules it refuses everything. */
  useRules(rules: WebhookRules): void;
  close(): Promise<void>;
}

/** Reviews tokens as EKS does, by rules that may change. */
export const startTokenWebhook = async (): Promise<TokenWebhook> => {
  let rules: WebhookRules | undefined;
  let verdicts: TokenVerdict[] = [];

  const review = async (token: string): Promise<{ verdict: TokenVerdict; admission: Admission }> => {
    const refuse = (refused: string) => ({ verdict: { refused }, admission: { refused } });
    if (rules === undefined) return refuse('there are no rules yet');
    const verdict = reviewToken(token, { ...rules, now: rules.now() });
    if ('refused' in verdict) return refuse(verdict.refused);
    const entry = await rules.accessEntryOf(verdict.accessKeyId);
    return entry === undefined ? refuse('its role has no access entry') : { verdict, admission: entry };
  };

  const { url, close } = await serveTokenReviews(async (token) => {
    const { verdict, admission } = await review(token);
    verdicts.push(verdict);
    return admission;
  });
  return {
    url,
    get verdicts() {
      return verdicts;
    },
    useRules: (given) => {
      rules = given;
      verdicts = [];
    },
    close,
  };
};
