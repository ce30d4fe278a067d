import Database from "better-sqlite3";

/** Databases, statements and iterators that were ever made: see openSqlite. */
const kept: object[] = [];

/**
 * Opens an SQLite file.
 *
 * The native objects behind databases and statements are never given to the garbage collector: in Node 24.21 the destructor
 * of node::ObjectWrap, on which better-sqlite3 12 stands, aborts the whole process when it runs outside of a context. What
 * is kept is a few hundred bytes an object, and we make a handful a file; the files themselves are closed by close().
 *
 * @throws what better-sqlite3 throws
 */
export function openSqlite(path: string, options: Database.Options = {}): Database.Database {
  const db = new Database(path, options);
  kept.push(db);
  const prepare = db.prepare.bind(db);
  db.prepare = ((source: string) => {
    const statement = prepare(source);
    const iterate = statement.iterate.bind(statement);
    statement.iterate = (...parameters: unknown[]) => {
      const rows = iterate(...parameters);
      kept.push(rows);
      return rows;
    };
    kept.push(statement);
    return statement;
  }) as typeof db.prepare;
  // The original prepares a statement that nobody could keep; setting needs none.
  db.pragma = (source: string, { simple = false }: Database.PragmaOptions = {}): unknown => {
    if (source.includes("=")) {
      db.exec(`PRAGMA ${source}`);
      return simple ? undefined : [];
    }
    const statement = db.prepare(`PRAGMA ${source}`);
    return simple ? statement.pluck().get() : statement.all();
  };
  return db;
}
