/** The world says no, as the AWS service would: `code` and `members` are those of the service's model. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.members = members;
  }
}
