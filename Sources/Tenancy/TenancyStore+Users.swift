internal import SQLite

extension TenancyStore {
  /// Adds somebody. Without a hash they cannot log in until they have a password.
  package func addUser(
    email: String, fullName: String = "", company: String = "", role: User.Role,
    passwordHash: String? = nil
  ) throws(TenancyError) -> User {
    guard let email = User.canonical(email: email) else {
      throw TenancyError(.invalid, "that is no e-mail address")
    }
    guard !snapshot.users.contains(where: { $0.email == email }) else {
      throw TenancyError(.taken, "there is a user with this e-mail address already")
    }
    try checkName(fullName)
    try checkName(company)
    let user = User(
      id: freshName("user_"), email: email, fullName: fullName, company: company, role: role,
      status: .active, createdMilliseconds: now, passwordHash: passwordHash)
    try change { () throws(SQLiteError) in
      try database.withStatement(
        """
        INSERT INTO user (id, email, full_name, company, role, password, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """
      ) { (statement) throws(SQLiteError) in
        statement.bind(1, user.id)
        statement.bind(2, user.email)
        statement.bind(3, user.fullName)
        statement.bind(4, user.company)
        statement.bind(5, user.role.rawValue)
        statement.bind(6, user.passwordHash)
        statement.bind(7, user.createdMilliseconds)
        try statement.run()
      }
    }
    return user
  }

  /// Puts another password's hash in the place of the one that a user has.
  package func setPassword(ofUser id: String, hash: String?) throws(TenancyError) {
    guard snapshot.users.contains(where: { $0.id == id }) else {
      throw TenancyError(.unknownCredential, "there is no user \(id)")
    }
    try change { () throws(SQLiteError) in
      try database.withStatement("UPDATE user SET password = ? WHERE id = ?") {
        (statement) throws(SQLiteError) in
        statement.bind(1, hash)
        statement.bind(2, id)
        try statement.run()
      }
    }
  }
}
