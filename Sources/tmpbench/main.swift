import HTTP
import Platform
import Glibc
func start() throws {
  let loops = [try EventLoop(name: "loop")]
  var router = Router { _ in Response.text("no", .notFound) }
  for p in ["/a", "/b/c", "/health", "/metrics", "/api/v1/events"] { router.add(.get, p) { _ in .text("x") } }
  router.add(.get, "/small") { _ in Response.json(Array("{\"ok\":true}".utf8)) }
  let r = router
  let server = Server(on: loops, maximumConnections: 1000, refusal: { p in Response.text(p.sentence, HTTPStatus(p.status)!) }, observe: { _, _ in }, handler: { await r.respond(to: $0) })
  let a = try server.listen(on: Address("127.0.0.1:9090")!)
  print(a)
  while true { sleep(1000) }
}
try start()
