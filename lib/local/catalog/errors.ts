/** The body of every answer that is an error, as the Iceberg REST protocol wants it. */
export interface ErrorBody {
  readonly error: { readonly message: string; readonly type: string; readonly code: number };
}

/** A request that this catalog does not carry out. `type` is the name that clients of the protocol know it by. */
export class CatalogError extends Error {
  override readonly name = 'CatalogError';

  private constructor(
    readonly code: number,
    readonly type: string,
    message: string,
  ) {
    super(message);
  }

  /** The request is not one that the protocol knows, or its content is not valid. */
  static badRequest = (message: string) => new CatalogError(400, 'BadRequestException', message);
  /** What AWS Glue's Iceberg REST does not offer, and so this one does not either. */
  static unsupported = (message: string) => new CatalogError(406, 'UnsupportedOperationException', message);
  static forbidden = (message: string) => new CatalogError(403, 'ForbiddenException', message);
  static noNamespace = (name: string) => new CatalogError(404, 'NoSuchNamespaceException', `No namespace ${name}`);
  static noTable = (name: string) => new CatalogError(404, 'NoSuchTableException', `No table ${name}`);
  static noEndpoint = (route: string) =>
    new CatalogError(404, 'NoSuchEndpointException', `This catalog has no endpoint ${route}`);
  static exists = (what: string) => new CatalogError(409, 'AlreadyExistsException', `${what} already exists`);
  static notEmpty = (name: string) =>
    new CatalogError(409, 'NamespaceNotEmptyException', `Namespace ${name} still has tables`);
  /** Somebody else was first: the client reads the table again and decides what to do. */
  static conflict = (message: string) => new CatalogError(409, 'CommitFailedException', message);
  /** The commit may or may not stand. The client must not clean up what it has written. */
  static unknownState = (message: string) => new CatalogError(500, 'CommitStateUnknownException', message);
  /** The disk is full. No 500, which clients try again at once, and of which DuckDB does not pass on the message. */
  static noSpace = (message: string) => new CatalogError(507, 'InsufficientStorageException', message);
  static tooLarge = (message: string) => new CatalogError(413, 'BadRequestException', message);

  get body(): ErrorBody {
    return { error: { message: this.message, type: this.type, code: this.code } };
  }
}
