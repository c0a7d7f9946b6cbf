//! Stand-ins for the engine's types until its branch is merged.

pub mod numbers {
    use serde::{Deserialize, Serialize};
    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    pub struct Received;
}
pub mod usage {
    use serde::{Deserialize, Serialize};
    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    pub struct VehicleState;
}
pub mod offers {
    use serde::{Deserialize, Serialize};
    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    pub struct Ledger;
    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    pub struct Decision;
}
