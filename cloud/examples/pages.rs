//! The pages with four people and four cars in memory, to look at while their style is being worked on: `cargo run --example pages`.

#[path = "../tests/it/app.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "the tests use more of it, and a test that cannot go on shall fail")]
mod app;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let app = app::TestApp::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8090").await?;
    axum::serve(listener, app.router.clone()).await?;
    Ok(())
}
